export type { SocketConstructor, SocketLike } from './socket-inbox.js';
export { type SocketOptions, socketTransport } from './socket-transport.js';
