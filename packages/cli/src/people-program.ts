import { type Command, Option } from 'commander';
import { sessionOf } from './command-parts.js';
import { type ProfileOptions, profile, visibilityNames } from './profile.js';
import { type SessionsOptions, sessions } from './sessions.js';

/** Adds the commands for people and the own account. */
export function addPeople(program: Command): void {
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
