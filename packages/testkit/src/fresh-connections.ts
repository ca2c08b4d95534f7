/**
 * Makes `fetch` open a new connection for each request of a test. A server closes an idle connection
 * after some seconds, and a request that is sent at that moment fails. After a pause of the machine,
 * any request could fail in this way.
 */
import { runInThisContext } from 'node:vm';

type Agent = new (options: { readonly keepAliveTimeout: number; readonly keepAliveMaxTimeout: number }) => object;

const dispatcher = Symbol.for('undici.globalDispatcher.1');
/** The global object of Node. A test has a global object of its own. */
const outer = runInThisContext('globalThis') as { [dispatcher]?: { readonly constructor: unknown } };

await fetch('data:,'); // Node loads its HTTP client at the first request.
const NodeAgent = outer[dispatcher]?.constructor as Agent;
outer[dispatcher] = new NodeAgent({ keepAliveTimeout: 1, keepAliveMaxTimeout: 1 });
