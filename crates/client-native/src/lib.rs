//! The client engine on tokio: HTTP, WebSocket, files.
