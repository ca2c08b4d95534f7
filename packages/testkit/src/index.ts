export { Authority, type IssuedPair } from './authority.js';
export { Chatter, type ChatterOptions, type Ending, utf8 } from './chatter.js';
export { compileExamples, exportsWithoutExample } from './doc-examples.js';
export { type ExplainedStatement, planModes, planOf } from './explain.js';
export type { LinkFaults } from './fault-pipe.js';
export { type Direction, FaultProxy, ProxiedConnection } from './fault-proxy.js';
export { default as startPostgres, tearDown as stopPostgres } from './global-setup.js';
export { bodyOf, Grpcurl, headerOf } from './grpcurl.js';
export { healthOf } from './health.js';
export { type ListeningServer, listen } from './listen.js';
export { People, type TestPerson } from './people.js';
export { Program, python } from './program.js';
export { PushReceiver, type ReceivedPush, vapidClaims } from './push-receiver.js';
export {
  checkHistory,
  countFaults,
  type Fault,
  type FaultKind,
  type NamedEntry,
  type ReaderEvent,
  type RecordedHistory,
  type RecordedReader,
  type RecordedTalker,
  recordedIn,
} from './recorded-history.js';
export { RedisServer, type RedisServerOptions } from './redis-server.js';
export { selfSigned } from './self-signed.js';
export { bundleOf, type ServiceName, ServiceProcess } from './service-process.js';
export { freePorts, lastingPort, living, Started } from './started.js';
export {
  openTestDatabase,
  openTestPool,
  ownerVariable,
  prepareServer,
  rolePasswords,
  type TestDatabase,
  whileClosed,
} from './test-database.js';
export { RelayClient, type RelayClientOptions, type ServerIdentity, TestGateway } from './test-gateway.js';
export { tinyPng } from './tiny-png.js';
export { Trio, type TrioOptions } from './trio.js';
export { callPatiently, insist, overload, until } from './until.js';
export { type WebCallOptions, type WebEnding, WebStream, webCall, webFetch } from './web-call.js';
