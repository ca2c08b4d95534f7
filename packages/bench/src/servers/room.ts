/** The channels of a rung's server, made as people come. */
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

/** Tells the parent where this server listens, and, when asked, what it has counted. */
export function tellParent(port: number, counted: () => { writes: number; frames: number }): void {
  process.on('message', () => process.send?.({ counted: counted() }));
  process.on('disconnect', () => process.exit());
  process.send?.({ port });
}
