/**
 * Makes `fetch` open a new connection for each request of a test. A server closes an idle connection
 * after some seconds, and a request that is sent at that moment fails: after a pause of the machine,
 * that would be any request.
 */
import { runInThisContext } from 'node:vm';

type Agent = new (options: { readonly keepAliveTimeout: number; readonly keepAliveMaxTimeout: number }) => object;

const dispatcher = Symbol.for('undici.globalDispatcher.1');
/** The global object of Node. That of a test is another one. */
const outer = runInThisContext('globalThis') as { [dispatcher]?: { readonly constructor: unknown } };

await fetch('data:,'); // Node loads its HTTP client at the first request.
const NodeAgent = outer[dispatcher]?.constructor as Agent;
outer[dispatcher] = new NodeAgent({ keepAliveTimeout: 1, keepAliveMaxTimeout: 1 });
