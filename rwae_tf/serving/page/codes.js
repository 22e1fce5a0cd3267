// Arithmetic of content codes.

// Principal directions of codes: [{vector, deviation}], the largest deviation first.
export function principalDirections(codes) {
  const size = codes[0].length;
  const mean = Array.from({ length: size }, (_, j) => codes.reduce((sum, z) => sum + z[j], 0) / codes.length);
  const covariance = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) =>
    codes.reduce((sum, z) => sum + (z[i] - mean[i]) * (z[j] - mean[j]), 0) / codes.length));
  const { values, vectors } = eigen(covariance);
  return values.map((value, k) => ({ deviation: Math.sqrt(Math.max(0, value)), vector: vectors.map((row) => row[k]) }))
    .sort((a, b) => b.deviation - a.deviation);
}

// A code moved along a direction by a number of its standard deviations.
export function moved(code, direction, amount) {
  return code.map((value, j) => value + amount * direction.deviation * direction.vector[j]);
}

// The code at a share of the way from one to another.
export function between(from, to, share) {
  return from.map((value, j) => (1 - share) * value + share * to[j]);
}

// Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations.
function eigen(matrix) {
  const size = matrix.length, a = matrix.map((row) => [...row]);
  const vectors = matrix.map((_, i) => matrix.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) off += a[p][q] ** 2;
    if (off < 1e-18) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(a[p][q]) < 1e-15) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        rotate(a, vectors, p, q, 1 / Math.sqrt(t * t + 1), t / Math.sqrt(t * t + 1));
      }
    }
  }
  return { values: a.map((row, k) => row[k]), vectors };
}

function rotate(a, vectors, p, q, c, s) {
  for (const row of a) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
  for (let k = 0; k < a.length; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
  for (const row of vectors) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
}
