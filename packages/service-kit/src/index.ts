/**
 * Foundation of every service: the gRPC server, authentication of callers, tokens and keys, start
 * and shutdown.
 */
export { type BotToken, isBotToken, isWebhookToken, newBotToken, newWebhookToken } from './auth/bot-tokens.js';
export { Callers, forService, forUser, streamForUser, type UserCaller } from './auth/callers.js';
export { KeyedSemaphore } from './auth/keyed-semaphore.js';
export { SigningKey } from './auth/signing-key.js';
export {
  issuerOf,
  type JoinClaims,
  joinToken,
  managerAudience,
  type ServiceClaims,
  serviceToken,
  type TokenKind,
  type TokenPurpose,
  type UserClaims,
  userAudience,
  userToken,
} from './auth/tokens.js';
export { TrustedKeys, type VerifiedToken } from './auth/trusted-keys.js';
export { type BatchBounds, BatchedReads } from './batched-reads.js';
export { Bucket, Buckets, type BurstRate } from './buckets.js';
export {
  channelFieldsOf,
  channelKinds,
  type SomeSettings,
  settingColumns,
  settingConstants,
  settingsOf,
  sharedChannelColumns,
} from './channel-settings.js';
export { type ConnectionBounds, Connections, connectionBounds } from './connections.js';
export { addressKey, networkKey } from './grpc/address-key.js';
export { bearerOf, Call } from './grpc/call.js';
export { CallEnd } from './grpc/call-end.js';
export { Certificates } from './grpc/certificates.js';
export { chatServerOptions } from './grpc/chat-name.js';
export { addHealth } from './grpc/health.js';
export type { KeyPair } from './grpc/key-pair.js';
export { Proxies } from './grpc/proxies.js';
export { RawStream } from './grpc/raw-stream.js';
export { addReflection } from './grpc/reflection.js';
export {
  GrpcServerBuilder,
  type GrpcServerOptions,
  type RunningGrpcServer,
} from './grpc/server.js';
export {
  type AuthenticatedHandler,
  asRefusal,
  type BytesHandler,
  type Definition,
  type Handlers,
  type StreamHandler,
  type TakeHandler,
  type UnaryHandler,
} from './grpc/service.js';
export { readTlsFiles, type TlsFiles } from './grpc/tls-files.js';
export { type HostConfig, readHostConfig, ServiceHost } from './host.js';
export { logEntryColumns, logEntryConstants, messageOfEntry, type StoredEntry } from './log-entries.js';
export { notifyWords, ranks } from './memberships.js';
export { type NotifierConfig, openNotifier, readNotifierConfig } from './notifications/open-notifier.js';
export { type RedisConfig, readRedisConfig } from './notifications/redis-client.js';
export { RedisNotifier } from './notifications/redis-notifier.js';
export { tryRedis } from './notifications/try-redis.js';
export { nextAfter, pageAfter, pageSize } from './page.js';
export { secretNames, secretOrFile } from './secret-file.js';
export { Tally } from './tally.js';
export { type OnLeave, type TurnBounds, TurnQueue } from './turn-queue.js';
export { profileColumns, profileFields, type SeenProfile, userRoles, userStatuses } from './user-fields.js';
