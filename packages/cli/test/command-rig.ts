import type { ParleyClient } from '@parley/client';
import { clientOf } from '@parley/client/testing';
import { type TestPerson, Trio } from '@parley/testkit';
import { Commands } from './commands.js';
import { OneProcess } from './one-process.js';

/** A running system with a user-service, whose users run commands. */
export class CommandRig {
  readonly trio: Trio;
  /** Address of the user-service. */
  readonly users: string;
  /** Runs commands within one process. */
  readonly process: OneProcess;
  /** Runs each command in its own process. */
  readonly commands: Commands;

  private constructor(trio: Trio, users: string, process: OneProcess, commands: Commands) {
    this.trio = trio;
    this.users = users;
    this.process = process;
    this.commands = commands;
  }

  static async open(): Promise<CommandRig> {
    const trio = await Trio.start();
    const { grpc: users } = await trio.startUserService();
    const manager = trio.managers[0]?.grpc as string;
    return new CommandRig(trio, users, await OneProcess.open(users, manager), await Commands.open(manager));
  }

  async close(): Promise<void> {
    await this.process.close();
    await this.trio.stop();
    await this.commands.close();
  }

  client(person: TestPerson): ParleyClient {
    return clientOf(this.trio, person, this.users);
  }

  async three(prefix: string): Promise<[TestPerson, TestPerson, TestPerson]> {
    return (await this.trio.people.makeMany(prefix, 3)) as [TestPerson, TestPerson, TestPerson];
  }
}
