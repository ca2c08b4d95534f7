import { readFile } from 'node:fs/promises';
import type { Queryable } from '@parley/database';
import { isUserId } from '@parley/runtime';
import { z } from 'zod';
import { exitCodes, Failure, usage } from '../failure.js';
import { counted, terminalLine } from '../plain-text.js';
import type { LineOf } from './format.js';
import { addBots, findAccounts, findImportedPeople, importAccounts, recordPeople } from './import-store.js';

type Person = LineOf<'person'>;

/** For people of the file, by the user id that they have there: their user id here. */
export type PeopleMap = ReadonlyMap<string, string>;

const isHere = (id: string) => isUserId(id) && !id.startsWith('guest.');
const mapForm = z.record(z.string(), z.string().refine(isHere));

/** @throws {Failure} if the file is not a JSON object with user ids */
export async function readPeopleMap(file: string | undefined): Promise<PeopleMap> {
  if (file === undefined) return new Map();
  const shown = terminalLine(file);
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw usage(`The file ${shown} cannot be read (${cause.code}). Correct --people.`);
  });
  const wrong = usage(`${shown} must be a JSON object with user ids, such as {"dora": "dora2"}.`);
  try {
    return new Map(Object.entries(mapForm.parse(JSON.parse(text))));
  } catch {
    throw wrong;
  }
}

/** User id that a person would like to have. */
const wantedId = ({ id, user_id: userId = id }: Person) => userId;

/** The people of a file, and the account of each of them. */
export class ImportedPeople {
  readonly #source: string;
  readonly #accounts = new Map<string, string>();
  /** People who need a new account. */
  readonly #fresh: Person[] = [];
  /** People who were not imported before. */
  readonly #unrecorded: Person[] = [];
  #existing = 0;

  private constructor(source: string) {
    this.#source = source;
  }

  /**
   * Decides which account each person gets. An existing account is used only if the same import has
   * made it before, or if the map names it.
   * @throws {Failure} if user ids are taken
   */
  static async plan(
    client: Queryable,
    source: string,
    people: readonly Person[],
    map: PeopleMap,
  ): Promise<ImportedPeople> {
    const plan = new ImportedPeople(source);
    await plan.#decide(client, people, map);
    return plan;
  }

  /** Number of accounts to create. */
  get created(): number {
    return this.#fresh.length;
  }

  /** Number of people whose accounts existed before. */
  get existing(): number {
    return this.#existing;
  }

  /** Returns the user id of a person here. */
  idOf(person: string): string {
    const id = this.#accounts.get(person);
    if (id === undefined) throw new Error(`The person ${person} is not in the file.`);
    return id;
  }

  async #decide(client: Queryable, people: readonly Person[], map: PeopleMap): Promise<void> {
    checkMap(people, map);
    for (const { id, userId } of await findImportedPeople.run(client, { source: this.#source }))
      this.#accounts.set(id, userId);
    this.#checkKnown(people, map);
    const others = people.filter(({ id }) => !this.#accounts.has(id));
    this.#existing = people.length - others.length;
    const taken = await accountsOf(
      client,
      others.map((one) => map.get(wantedId(one)) ?? wantedId(one)),
    );
    this.#give(others, taken, map);
  }

  /** @throws {Failure} if the map gives somebody another account than an earlier import has */
  #checkKnown(people: readonly Person[], map: PeopleMap): void {
    for (const person of people) {
      const [account, mapped] = [this.#accounts.get(person.id), map.get(wantedId(person))];
      if (account === undefined || mapped === undefined || mapped.toLowerCase() === account.toLowerCase()) continue;
      const who = terminalLine(wantedId(person));
      throw usage(
        `--people gives "${who}" the account ${mapped}, but an earlier import gave ${account}. Correct --people.`,
      );
    }
  }

  #give(people: readonly Person[], taken: ReadonlyMap<string, string>, map: PeopleMap): void {
    const fresh = new Map<string, string>();
    const refused: string[] = [];
    for (const person of people) {
      const [wanted, mapped] = [wantedId(person), map.get(wantedId(person))];
      const id = mapped ?? wanted;
      const account = taken.get(id.toLowerCase()) ?? fresh.get(id.toLowerCase());
      if (!isHere(id) || (account !== undefined && mapped === undefined)) {
        refused.push(wanted);
        continue;
      }
      if (account === undefined) this.#fresh.push(person);
      else this.#existing += 1;
      fresh.set(id.toLowerCase(), account ?? id);
      this.#accounts.set(person.id, account ?? id);
      this.#unrecorded.push(person);
    }
    if (refused.length > 0) throw takenFailure(refused);
  }

  /**
   * Creates the accounts, and records whose they are.
   * @throws {Failure} if user ids have been taken since the plan
   */
  async create(client: Queryable): Promise<void> {
    const ids = this.#fresh.map(({ id }) => this.idOf(id));
    const made = await importAccounts.run(client, {
      ids,
      names: this.#fresh.map(({ name }) => name),
      abouts: this.#fresh.map(({ about = '' }) => about),
      bots: this.#fresh.map(({ bot = false }) => bot),
      statuses: this.#fresh.map(statusOf),
      createdMs: this.#fresh.map(({ created_at: at }) => at ?? null),
    });
    const created = new Set(made.map(({ id }) => id));
    const taken = this.#fresh.filter(({ id }) => !created.has(this.idOf(id)));
    if (taken.length > 0) throw takenFailure(taken.map(wantedId)); // Somebody has registered in the meantime.
    await addBots.run(client, { ids });
    const people = this.#unrecorded.map(({ id }) => id);
    const userIds = people.map((id) => this.idOf(id));
    await recordPeople.run(client, { source: this.#source, ids: people, userIds });
  }
}

/** A bot arrives without its token, so nobody can use it. */
function statusOf({ status, bot }: Person): string {
  return status ?? (bot === true ? 'suspended' : 'active');
}

function checkMap(people: readonly Person[], map: PeopleMap): void {
  const wanted = new Set(people.map(wantedId));
  const unknown = [...map.keys()].find((id) => !wanted.has(id));
  if (unknown !== undefined) throw usage(`The export has no person "${terminalLine(unknown)}". Correct --people.`);
}

/** Returns the existing accounts among some user ids, by their id in lower case. */
async function accountsOf(client: Queryable, wanted: readonly string[]): Promise<Map<string, string>> {
  const ids = [...new Set(wanted.map((id) => id.toLowerCase()))];
  const found = await findAccounts.run(client, { ids });
  return new Map(found.map(({ id }) => [id.toLowerCase(), id]));
}

const shownIds = 10;

function takenFailure(ids: readonly string[]): Failure {
  const shown = ids.slice(0, shownIds).map(terminalLine).join(', ');
  const more = ids.length > shownIds ? ', ...' : '';
  const [first = ''] = ids.map(terminalLine);
  const words = `${counted(ids.length, 'person cannot have their user id', 'people cannot have their user ids')} here, because others have them, or because they are not valid: ${shown}${more}. Give a JSON file with --people that names a user id for each: that of an existing account if it is the same person, such as {"${first}": "${first}"}, or else a new one. Nothing was changed.`;
  return new Failure('user-id-taken', exitCodes.refused, words);
}
