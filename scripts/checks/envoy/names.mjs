/**
 * A UDP name server for one name. Like Docker's name server for a service, it returns all hosts of
 * the name, with a TTL of ten minutes.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const typeA = 1;
const ttlSeconds = 600;

/** Parses the question: its name, type and end. */
function questionOf(query) {
  const labels = [];
  let at = 12;
  for (; query[at] !== 0; at += query[at] + 1) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function recordOf(host) {
  const head = Buffer.from([0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4]);
  head.writeUInt32BE(ttlSeconds, 6);
  return Buffer.concat([head, Buffer.from(host.split('.').map(Number))]);
}

function answerTo(query, name, hosts) {
  const question = questionOf(query);
  const known = question.name === name;
  const given = known && question.type === typeA ? hosts : [];
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(known ? 0x8180 : 0x8183, 2); // NXDOMAIN
  for (const [at, count] of [1, given.length, 0, 0].entries()) head.writeUInt16BE(count, 4 + at * 2);
  return Buffer.concat([head, query.subarray(12, question.end), ...given.map(recordOf)]);
}

export class PageNames {
  hosts = [];
  #socket = createSocket('udp4');

  static async serve(name) {
    const names = new PageNames();
    names.#socket.on('message', (query, { port, address }) =>
      names.#socket.send(answerTo(query, name, names.hosts), port, address),
    );
    names.#socket.bind(0, '127.0.0.1');
    await once(names.#socket, 'listening');
    return names;
  }

  get port() {
    return this.#socket.address().port;
  }

  close() {
    this.#socket.close();
  }
}
