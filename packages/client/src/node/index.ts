/** What the SDK needs in Node: gRPC. */
export { type GrpcOptions, grpcTransport } from './grpc-transport.js';
