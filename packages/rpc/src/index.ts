/** gRPC helpers of clients and servers: calls, statuses with reasons, and framing. */
export {
  bearerMetadata,
  callUnary,
  clientOptions,
  connectionWindowBytes,
  startDuplex,
  startServerStream,
  startUnary,
  streamOptions,
  type UnaryOptions,
  withCallId,
} from './client.js';
export { asBuffer, frameOf, grpcFraming, prefixBytes, prefixRefusal } from './frame.js';
export { bytesCodec, grpcMethod, grpcService } from './method.js';
export {
  acceptedEncodings,
  acceptedKey,
  reasonOf,
  refusalFromStatus,
  statusFromRefusal,
  type TransportStatus,
  withReason,
} from './status.js';
