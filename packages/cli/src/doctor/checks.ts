import { accountCheck } from './account.js';
import { chatServersCheck } from './chat-servers.js';
import type { Check } from './check.js';
import { clockCheck } from './clock.js';
import { connectionsCheck } from './connections.js';
import { databaseCheck } from './database.js';
import { diskCheck } from './disk.js';
import { durabilityCheck } from './durability.js';
import { grpcCheck } from './grpc.js';
import { grpcWebCheck } from './grpc-web.js';
import { http2Check } from './http2.js';
import { idleCheck } from './idle.js';
import { listenCheck } from './listen.js';
import { messageSizeCheck } from './message-size.js';
import { migrationsCheck } from './migrations.js';
import { namesCheck } from './names.js';
import { openFilesCheck } from './open-files.js';
import { portsCheck } from './ports.js';
import { processesCheck } from './processes.js';
import { proxyVariablesCheck } from './proxy-variables.js';
import { redisCheck } from './redis.js';
import { rightsCheck } from './rights.js';
import { servicesTlsCheck } from './services-tls.js';
import { settingsCheck } from './settings.js';
import { streamsCheck } from './streams.js';
import type { Surroundings } from './surroundings.js';
import { tlsCheck } from './tls.js';
import { webCheck } from './web.js';
import { webSocketCheck } from './websocket.js';

/** Every check, in the order in which they are printed: the network first, then the database, then this machine. */
const all: readonly ((where: Surroundings) => Check)[] = [
  namesCheck,
  portsCheck,
  tlsCheck,
  servicesTlsCheck,
  http2Check,
  grpcCheck,
  accountCheck,
  webCheck,
  grpcWebCheck,
  webSocketCheck,
  streamsCheck,
  idleCheck,
  messageSizeCheck,
  clockCheck,
  chatServersCheck,
  databaseCheck,
  rightsCheck,
  migrationsCheck,
  durabilityCheck,
  connectionsCheck,
  listenCheck,
  redisCheck,
  diskCheck,
  openFilesCheck,
  settingsCheck,
  proxyVariablesCheck,
  processesCheck,
];

/** Returns the checks of a system. */
export function checksOf(where: Surroundings): Check[] {
  return all.map((make) => make(where));
}
