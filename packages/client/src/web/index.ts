/** The gRPC-Web transport for browsers. */
export { type WebOptions, webTransport } from './web-transport.js';
