/** The gRPC transport for Node, and the operator's calls. */
export { type Administration, type AdministrationOptions, administration } from './administration.js';
export type { Security } from './calls.js';
export { type GrpcOptions, grpcTransport } from './grpc-transport.js';
export { type NoConnection, noConnectionOf, noConnectionWords } from './no-connection.js';
export { openTextSocket, type TextSocket, type TextSocketOptions } from './text-socket.js';
