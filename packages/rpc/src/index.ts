export { addressKey } from './address-key.js';
export { bearerOf, Call } from './call.js';
export { Callers, forService, forUser, streamForUser, type UserCaller } from './callers.js';
export { channelKinds, keepOf } from './channel-fields.js';
export {
  bearerMetadata,
  type CallOptions,
  callUnary,
  clientCredentials,
  clientOptions,
  startDuplex,
  startServerStream,
  startUnary,
} from './client.js';
export { frameOf, prefixBytes, prefixed } from './frame.js';
export { addHealth } from './health.js';
export { type HostConfig, readHostConfig, ServiceHost } from './host.js';
export { type KeyPair, keyPair } from './key-pair.js';
export { grpcService } from './method.js';
export { Proxies } from './proxies.js';
export { RawStream } from './raw-stream.js';
export { addReflection } from './reflection.js';
export { renewKeyPair } from './renewal.js';
export {
  GrpcServerBuilder,
  type GrpcServerOptions,
  type RunningGrpcServer,
  renewCredentials,
  serverCredentials,
} from './server.js';
export type { Answer, AnswerBytes, Definition, Handlers, Stream, Take } from './service.js';
export { SigningKey } from './signing-key.js';
export { refusalFromStatus, statusFromRefusal } from './status.js';
export {
  issuerOf,
  type JoinClaims,
  joinToken,
  type KeyPurpose,
  managerAudience,
  type ServiceClaims,
  serviceToken,
  type TokenKind,
  type UserClaims,
  userAudience,
  userToken,
} from './tokens.js';
export { TrustedKeys, type Verified } from './trusted-keys.js';
export { Turns } from './turns.js';
