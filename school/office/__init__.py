"""The office: what every room of the school needs and none of them owns."""
