"""Speed, as ratios to named baselines in the same run; machines are noisy, absolute times are no claims."""
