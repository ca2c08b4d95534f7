/**
 * Matches the URL of a service link. In each pod, Kubernetes sets variables for every Service of
 * the namespace. Those of a Service called `parley...` look like settings: PARLEY_SERVICE_HOST,
 * PARLEY_PORT=tcp://10.96.1.2:50051, PARLEY_PORT_50051_TCP_ADDR.
 */
const url = /^(tcp|udp|sctp):\/\/(\[[\da-f:.]+\]|[\d.]+):\d+$/i;
const shapes: readonly (readonly [name: RegExp, value: RegExp])[] = [
  [/_SERVICE_HOST$/, /^([\d.]+|[\da-f:.]+|None)$/i],
  [/_SERVICE_PORT(_[A-Z0-9_]+)?$/, /^\d+$/],
  [/_PORT$/, url],
  [/_PORT_\d+_(TCP|UDP|SCTP)$/, url],
  [/_PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$/, /^(tcp|udp|sctp|\d+|[\d.]+|[\da-f:.]+)$/i],
];

/** Returns the names of the variables that are service links. */
export function serviceLinks(env: NodeJS.ProcessEnv, prefix: string): string[] {
  return Object.entries(env)
    .filter(([name, value = '']) => {
      if (!name.startsWith(prefix)) return false;
      return shapes.some(([names, values]) => names.test(name) && values.test(value));
    })
    .map(([name]) => name);
}
