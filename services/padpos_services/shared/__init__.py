"""What the two services do alike: durable files, transactions, the shape of their commands."""
