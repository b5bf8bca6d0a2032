"""Who gets the package when: inventory → pilot group and waves, with reasons and proofs; pure functions over values."""
