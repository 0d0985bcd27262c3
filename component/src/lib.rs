//! OpenAI's device-code login for ChatGPT subscriptions, as a WebAssembly component.
