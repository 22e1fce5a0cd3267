"""What the datasets of speech share: reading audio, spectra, folders of speakers, segments as clips."""
