/** Returns whether a text is an https URL of printable ASCII without user and password. */
export function isPlainHttps(text: string, mostCharacters: number): boolean {
  if (text.length > mostCharacters || !/^https:\/\/[\x21-\x7e]+$/.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}
