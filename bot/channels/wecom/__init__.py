"""WeCom (企业微信): callback, API client, rendering."""
