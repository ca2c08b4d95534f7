/**
 * Stands in for parts of libraries for which browsers have their own. Each would be about a hundredth
 * of the bundle.
 */

/** For markdown-it instead of entities: returns the character of one entity, such as `&amp;`. */
export function decodeHTMLStrict(entity) {
  const template = document.createElement('template'); // runs no scripts and loads nothing
  template.innerHTML = entity;
  return template.content.textContent;
}

/** For markdown-it instead of uc.micro: punctuation and symbols. */
export const P = /\p{P}/u;
export const S = /\p{S}/u;

/** For markdown-it instead of linkify-it. Nothing uses it, because the page finds links itself. */
export class LinkifyIt {}

/** For tus-js-client instead of js-base64. */
export const Base64 = {
  encode: (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text))),
};

/** For tus-js-client instead of url-parse, and for markdown-it instead of mdurl and punycode.js, which nothing uses. */
export default URL;
