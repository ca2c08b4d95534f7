import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** The health that a server shows to whoever asks by `grpc.health.v1.Health`. */
export interface Health {
  /** Says for the server and all of its services whether they serve; who watches is told. */
  set(serving: boolean): void;
}

/** Serves the grpc health protocol for `''`, the whole server, and each of `services`. Not serving until `set(true)`. */
export function addHealth(server: Server, services: readonly string[]): Health {
  const health = new HealthImplementation();
  const set = (serving: boolean) => {
    for (const service of ['', ...services]) health.setStatus(service, serving ? 'SERVING' : 'NOT_SERVING');
  };
  set(false);
  health.addToServer(server);
  return { set };
}
