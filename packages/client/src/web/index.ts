/** What the SDK needs in a browser: gRPC-Web. */
export { type WebOptions, webTransport } from './web-transport.js';
