/** What the SDK needs in Node: gRPC; and what administrators do, which browsers cannot. */
export { type Administration, type AdministrationOptions, administration } from './administration.js';
export type { Security } from './calls.js';
export { type GrpcOptions, grpcTransport } from './grpc-transport.js';
export { type NoConnection, noConnectionOf, noConnectionWords } from './no-connection.js';
