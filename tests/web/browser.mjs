// A browser without JavaScript, for programs whose person has to sign in: cookies, redirects, forms. Each request is a
// connection of its own, so that each meets another node.

import { readFileSync } from 'node:fs';
import https from 'node:https';

const MAX_STEPS = 25;

/** `fetch` that trusts one authority and keeps no connection. */
export function fetcher(authority) {
  const ca = readFileSync(authority);
  return (url, options = {}) =>
    new Promise((resolve, reject) => {
      const headers = Object.fromEntries(new Headers(options.headers).entries());
      const body = options.body === undefined || options.body === null ? undefined : String(options.body);
      if (body !== undefined) {
        headers['content-length'] = Buffer.byteLength(body);
        if (options.body instanceof URLSearchParams) headers['content-type'] ??= 'application/x-www-form-urlencoded';
      }
      const request = https.request(url, { method: options.method ?? 'GET', headers, ca, agent: false }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const pairs = Object.entries(response.headersDistinct).flatMap(([name, values]) => values.map((value) => [name, value]));
          const empty = [204, 303, 304].includes(response.statusCode);
          resolve(new Response(empty ? null : Buffer.concat(chunks), { status: response.statusCode, headers: pairs }));
        });
      });
      request.on('error', reject);
      request.end(body);
    });
}

const unescaped = (text) =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(amp|lt|gt|quot|apos));/gi, (_, decimal, hex, name) =>
    name ? { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }[name] : String.fromCodePoint(parseInt(decimal ?? hex, decimal ? 10 : 16)),
  );

function attributes(tag) {
  const found = [...tag.matchAll(/([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi)];
  return Object.fromEntries(found.map(([, name, a, b, c]) => [name.toLowerCase(), unescaped(a ?? b ?? c ?? '')]));
}

/** The first form of a page that posts, as {action, fields}. */
export function postingForm(page) {
  for (const [, tag, inner] of page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)) {
    const form = attributes(tag);
    if (form.method?.toLowerCase() !== 'post') continue;
    const fields = {};
    for (const [, kind, input] of inner.matchAll(/<(input|button)\b([^>]*)>/gis)) {
      const { name, value = '', type = '', checked } = attributes(input);
      const unchosen = kind.toLowerCase() === 'input' && ['radio', 'checkbox'].includes(type) && checked === undefined;
      if (name && name !== 'abort' && !unchosen) fields[name] = value;
    }
    return { action: form.action ?? '', fields };
  }
  return null;
}

/** A browser; `go` signs in and approves whatever it meets until an address begins with `stop`, or no form is left. */
export class Browser {
  constructor(fetch) {
    this.fetch = fetch;
    this.cookies = new Map();
    this.requests = [];
  }

  async request(url, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await this.fetch(url, { ...options, headers: cookie ? { cookie } : {} });
    this.requests.push(`${options.method ?? 'GET'} ${new URL(url).pathname}`);
    for (const set of response.headers.getSetCookie()) {
      const [pair, ...rest] = set.split(';');
      const [name, value] = [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()];
      if (value === '' || rest.some((part) => part.trim().toLowerCase() === 'max-age=0')) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  async go(start, { stop, user, password } = {}) {
    let [url, options] = [String(start), {}];
    for (let step = 0; step < MAX_STEPS; step += 1) {
      if (stop && url.startsWith(stop)) return { url };
      const response = await this.request(url, options);
      if (response.status >= 301 && response.status <= 308) {
        [url, options] = [new URL(response.headers.get('location'), url).href, {}];
        continue;
      }
      const page = await response.text();
      const form = user === undefined ? null : postingForm(page);
      if (!form) return { url, status: response.status, page };
      if ('username' in form.fields) form.fields.username = user;
      if ('password' in form.fields) form.fields.password = password;
      url = new URL(form.action || url, url).href;
      options = { method: 'POST', body: new URLSearchParams(form.fields) };
    }
    throw new Error(`no end after ${MAX_STEPS} steps: ${this.requests.join(', ')}`);
  }
}
