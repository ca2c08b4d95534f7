import type { Command } from 'commander';
import { changeEmail, changePassword, login, logout, type RegisterOptions, registerAccount } from './accounts.js';
import { sessionOf } from './command-parts.js';
import { usage } from './failure.js';

const loginHelp = `
After a one-time password from an operator, login asks for a new password; on a pipe, that is the second line.`;

const passwordHelp = `
On a pipe, the current password is the first line and the new one the second.`;

function addSessions(program: Command): void {
  program
    .command('register <user>')
    .description('create an account; the password is prompted for, or read from stdin')
    .option('--name <name>', 'display name (default: the user id)')
    .option('--email <address>', 'email address')
    .option('--invite <code>', "an operator's invitation, if the server requires one")
    .action((user: string, options: RegisterOptions, command: Command) =>
      registerAccount(sessionOf(command), user, options),
    );
  program
    .command('login <user>')
    .description('log in and store the session')
    .addHelpText('after', loginHelp)
    .action((user: string, _options: object, command: Command) => login(sessionOf(command), user));
  program
    .command('logout')
    .description('end the session')
    .option('--everywhere', 'end all your sessions')
    .action((options: { everywhere?: true }, command: Command) => logout(sessionOf(command), options));
}

/** Adds the commands for accounts and their passwords. */
export function addAccounts(program: Command): void {
  addSessions(program);
  program
    .command('password')
    .description('change your password, and end your other sessions')
    .addHelpText('after', passwordHelp)
    .action((_options: object, command: Command) => changePassword(sessionOf(command)));
  program
    .command('email [address]')
    .description('change your email address; asks for your password')
    .option('--remove', 'remove the address instead')
    .action((address: string | undefined, { remove }: { remove?: true }, command: Command) => {
      if ((address === undefined) !== (remove === true)) throw usage('Give an address or --remove.');
      return changeEmail(sessionOf(command), address);
    });
}
