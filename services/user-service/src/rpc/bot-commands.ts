import { type BotCommand, Empty, type SetBotCommandsRequest } from '@parley/contract';
import type { Pool } from '@parley/database';
import { isPrintable, limits, refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { setBotCommands } from '../store/bots.js';
import { mustBeDone } from './bots.js';
import { checkUserId } from './checks.js';
import { botOfUser, throttle } from './throttle.js';

const { commandsPerBot, commandNameCharacters, commandDescriptionCharacters } = limits;
const nameForm = /^[a-z0-9_-]+$/;

/** Returns what is wrong with a command; undefined if it is valid. `at` is its place, from 1. */
function commandFault({ name, description }: BotCommand, at: number): string | undefined {
  if (!nameForm.test(name) || name.length > commandNameCharacters)
    return `The name of command ${at} is not 1 to ${commandNameCharacters} of a-z 0-9 _ and -.`;
  if (description.trim() === '') return `The command /${name} needs a description.`;
  if ([...description].length > commandDescriptionCharacters)
    return `The description of /${name} has more than ${commandDescriptionCharacters} characters.`;
  const isPlain = isPrintable(description) && !/[\n\t]/.test(description);
  return isPlain ? undefined : `The description of /${name} has a line break, a tab or an invisible character.`;
}

/** @throws {Refusal} `invalid-command`, with a message that says what is wrong. */
function checkCommands(commands: readonly BotCommand[]): void {
  if (commands.length > commandsPerBot)
    throw refuse('invalid-command', { message: `A bot has at most ${commandsPerBot} commands.` });
  for (const [at, command] of commands.entries()) {
    const message = commandFault(command, at + 1);
    if (message !== undefined) throw refuse('invalid-command', { message });
    if (commands.findIndex(({ name }) => name === command.name) < at)
      throw refuse('invalid-command', { message: `The command /${command.name} is in the list twice.` });
  }
}

/**
 * Handles SetBotCommands: replaces the commands of a bot, for the bot itself and for users who may
 * revoke it.
 */
export function createSetBotCommands(pool: Pool) {
  return async ({ botId, commands }: SetBotCommandsRequest, me: UserCaller): Promise<Empty> => {
    const target = botId === '' ? me.id : botId;
    checkUserId(target);
    const given = commands.map((one) => ({ ...one, description: one.description.normalize('NFC') }));
    checkCommands(given);
    await throttle(pool, botOfUser, me.id, 'change-too-often');
    const names = given.map(({ name }) => name);
    const descriptions = given.map(({ description }) => description);
    mustBeDone(await setBotCommands.run(pool, { actorId: me.id, botId: target, names, descriptions }));
    return Empty.create();
  };
}
