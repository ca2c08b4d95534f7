import { type ChannelSetting, type ChannelSettingValues, settingRows, snakeCase } from '@parley/contract';
import { limits } from '@parley/runtime';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { retentionFrom } from './retention.js';
import { wholeNumber } from './whole-number.js';

function onOrOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new InvalidArgumentError('Use on or off.');
}

const valueNames = { text: 'text', number: 'n', boolean: 'on|off' };

/**
 * Returns the command line option of a setting, for example `--slow-mode <seconds>` for
 * `slow_mode_s`.
 */
function optionOf(name: string, row: ChannelSetting): Option {
  const unit = row.type === 'number' ? row.unit : undefined;
  const flag = snakeCase(unit === undefined ? name : name.replace(/S$/, '')).replaceAll('_', '-');
  const option = new Option(`--${flag} <${unit ?? valueNames[row.type]}>`, row.meaning);
  if (row.type === 'number') return option.argParser(wholeNumber(0, row.max));
  return row.type === 'boolean' ? option.argParser(onOrOff) : option;
}

const settingOptions = settingRows.map(([name, row]) => ({ name, option: optionOf(name, row) }));

/**
 * Adds the options that `create` and `set` share. `whenAbsent` completes their help with the
 * default.
 */
export function addChannelOptions(command: Command, whenAbsent: { limit: string; retention: string }): Command {
  command.option(
    '--limit <n>',
    `maximum number of people: up to 25 in a room, up to 10000 members of a chat${whenAbsent.limit}`,
    wholeNumber(1, limits.chatMembers),
  );
  command.addOption(
    new Option(
      '--retention <time>',
      `retention of messages: forever, nothing, or a time like 7d${whenAbsent.retention}`,
    ).argParser(retentionFrom),
  );
  for (const { option } of settingOptions) command.addOption(option);
  return command;
}

/** Returns the plain settings that the user gave as options. */
export function givenSettings(options: object): Partial<ChannelSettingValues> {
  const given = new Map<string, unknown>(Object.entries(options));
  const settings = settingOptions.map(({ name, option }) => [name, given.get(option.attributeName())] as const);
  return Object.fromEntries(settings.filter(([, value]) => value !== undefined));
}

/** Returns the plain settings of a channel for JSON output. */
export function settingValues(channel: ChannelSettingValues): Readonly<Record<string, unknown>> {
  return Object.fromEntries(settingRows.map(([name]) => [snakeCase(name), channel[name]]));
}
