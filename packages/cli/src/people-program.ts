import { limits } from '@parley/runtime';
import { type Command, Option } from 'commander';
import { seqOf, sessionOf } from './command-parts.js';
import { block, findPeople, unblock } from './people.js';
import { type ProfileOptions, profile, visibilityNames } from './profile.js';
import { type ReportOptions, report } from './report.js';
import { type SessionsOptions, sessions } from './sessions.js';
import { wholeNumber } from './whole-number.js';

/** Adds the commands for people and for the user's own account. */
export function addPeople(program: Command): void {
  program
    .command('people <text>')
    .description('find users by the start of their id or name, or by number')
    .option('--size <n>', 'maximum number of users, up to 100', wholeNumber(1, limits.pageEntries), 20)
    .action((text: string, { size }: { size: number }, command: Command) => findPeople(sessionOf(command), text, size));
  program
    .command('block [user]')
    .description('block a user, who then cannot write to you directly; without a user, list the blocked ones')
    .action((user: string | undefined, _options: object, command: Command) => block(sessionOf(command), user));
  program
    .command('unblock <user>')
    .description('lift a block')
    .action((user: string, _options: object, command: Command) => unblock(sessionOf(command), user));
  program
    .command('report [user]')
    .description('report a user or a message to the operators')
    .option('--in <channel>', 'channel of the message, by its id or name')
    .option('--message <seq>', 'number of the message, as in #12; the operators get a copy of it', seqOf)
    .requiredOption('--reason <text>', 'what is wrong, in up to 1000 characters')
    .action((user: string | undefined, options: ReportOptions, command: Command) =>
      report(sessionOf(command), user, options),
    );
  program
    .command('profile [user]')
    .description('show a profile, or change your own')
    .option('--name <name>', 'set your display name')
    .option('--about <text>', 'set the text about you')
    .addOption(
      new Option('--visibility <who>', 'set who may see the rest of your profile and find you by name').choices(
        Object.keys(visibilityNames),
      ),
    )
    .addOption(
      new Option('--private-reads <on|off>', 'set whether others learn what you have read').choices(['on', 'off']),
    )
    .action((user: string | undefined, options: ProfileOptions, command: Command) =>
      profile(sessionOf(command), user, options),
    );
  program
    .command('sessions')
    .description('list your sessions, or end some of them')
    .option('--end <id>', 'end this session')
    .option('--others', 'end every session but this one')
    .action((options: SessionsOptions, command: Command) => sessions(sessionOf(command), options));
}
