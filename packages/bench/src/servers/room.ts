import type { IncomingHttpHeaders } from 'node:http';
import type { Member } from './work.js';

/** Channels of a compared server, each created when its first user joins. */
export class Rooms<Room> {
  readonly #rooms = new Map<string, Room>();
  readonly #make: () => Room;

  constructor(make: () => Room) {
    this.#make = make;
  }

  find(name: string): Room {
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    const made = this.#make();
    this.#rooms.set(name, made);
    return made;
  }
}

/** Reports the port of this server to the parent, and its counts on request. */
export function reportToParent(port: number, counted: () => { writes: number; frames: number }): void {
  process.on('message', () => process.send?.({ counted: counted() }));
  process.on('disconnect', () => process.exit());
  process.send?.({ port });
}

/** Returns the user that the headers of a stream name. */
export function memberIn(headers: IncomingHttpHeaders): Member {
  return { id: String(headers['bench-user']), number: Number(headers['bench-number']) };
}
