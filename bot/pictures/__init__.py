"""Domain value -> PNG: text and bars for people who look at a phone. Imported only where a picture is made."""
