"""DingTalk (钉钉): Stream receiver, API client, rendering."""
