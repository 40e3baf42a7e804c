"""What the surfaces know of the school: values, events and a few verbs. Never loads torch."""
