/** Returns the name of an option from its flags, such as `-s, --size <n>`. */
function optionIn(flags: string): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}

/**
 * Returns a phrase that says what a value must be. For choices, commander lists them; otherwise the
 * parser has the phrase.
 */
function expected(hint: string): string {
  const choices = /^Allowed choices are (.+)\.$/.exec(hint)?.[1]?.split(', ');
  if (choices === undefined) return hint;
  return `Use ${choices.length > 1 ? `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}` : choices[0]}.`;
}

function like(suggestion: string | undefined): string {
  return suggestion === undefined ? 'Add --help to see what there is.' : `Did you mean ${suggestion}?`;
}

/** Hides the passwords of URLs, because errors end up in logs and in reports of bugs. */
function withoutPasswords(text: string): string {
  return text.replace(/(:\/\/[^\s:/@]*:)[^\s"]*@/g, '$1...@');
}

type Parts = readonly (string | undefined)[];

/** The errors of commander, each with our own text for it. */
const texts: readonly (readonly [form: RegExp, words: (parts: Parts) => string])[] = [
  [
    /^option '(.+)' argument '(.*)' is invalid\. ?(.*)$/s,
    ([, flags = '', value, hint = '']) => `${optionIn(flags)} does not take "${value}". ${expected(hint)}`,
  ],
  [
    /^option '.+' value '(.*)' from env '(.+)' is invalid\. ?(.*)$/s,
    ([, value, name, hint = '']) => `${name} does not take "${value}". ${expected(hint)}`,
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '(.+)'\. ?(.*)$/s,
    ([, value, name, hint = '']) => `"${value}" cannot be <${name}>. ${expected(hint)}`,
  ],
  [/^missing required argument '(.+)'$/, ([, name]) => `<${name}> is missing. Add it, or --help to see the arguments.`],
  [/^option '(.+)' argument missing$/, ([, flags = '']) => `${optionIn(flags)} needs a value: ${flags}.`],
  [/^required option '(.+)' not specified$/, ([, flags = '']) => `${optionIn(flags)} is missing. Add ${flags}.`],
  [
    /^unknown (option|command) '(.*)'(?:\n\(Did you mean (?:one of )?(.+)\?\))?$/s,
    ([, what, name, suggestion]) => `There is no ${what} ${name}. ${like(suggestion)}`,
  ],
  [
    /^too many arguments.*\. Expected (\d+) arguments? but got (\d+)\.$/s,
    ([, most, given]) =>
      `There are ${given} arguments instead of ${most}. Put quotes around one that contains a space.`,
  ],
];

/**
 * Converts the text of an error of commander to the form of our own errors: what is wrong, then
 * what to do.
 */
export function usageWords(message: string): string {
  const said = message.trim().replace(/^error: /, '');
  for (const [form, words] of texts) {
    const parts = form.exec(said);
    if (parts !== null) return withoutPasswords(words(parts).trim());
  }
  return withoutPasswords(said);
}
