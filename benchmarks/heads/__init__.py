"""What a head reads and what it learns from, judged on sources that took no part in the choice."""
