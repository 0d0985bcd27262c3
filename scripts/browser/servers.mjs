// The simulator, and `serve` with TLS and the connect page.
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const HOST = 'login.example.test';

export class Servers {
  #folder;

  constructor(folder) {
    this.#folder = folder;
    this.environment = { ...process.env, XDG_STATE_HOME: join(folder, 'state') };
  }

  async begin() {
    const folder = this.#folder;
    this.ca = join(folder, 'simulator-ca.pem');
    const simulator = ['--json', '--ca', this.ca, '--interval', '1'];
    this.simulator = spawn(process.env.OPENAI_SIMULATOR_BIN, simulator, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [announced] = await lines(this.simulator.stdout, () => true);
    const { http, https } = JSON.parse(announced);
    this.control = `${http}/_simulator`;
    this.openai = https.replace('https://', '');
    makeCertificate(folder);
    this.authority = join(folder, 'authority.pem');
    this.options = ['--json', '--store', `sqlite:${folder}/store/test.db`, '--cacert', this.ca];
    for (const host of ['auth.openai.com', 'chatgpt.com']) {
      this.options.push('--connect-to', `${host}:443:${this.openai}`);
    }
    const listeners = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
    const tls = ['--tls-cert', join(folder, 'server.pem'), '--tls-key', join(folder, 'server.key')];
    const serve = [...this.options, 'serve', ...listeners, ...tls, '--public-url', `https://${HOST}`];
    this.serve = spawn(process.env.CHATGPT_OAUTH_BIN, serve, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: this.environment,
    });
    const said = await lines(this.serve.stderr, (line) => JSON.parse(line).message === 'serving');
    this.address = JSON.parse(said.at(-1)).public;
    this.serve.stderr.resume();
  }

  // A new link for a profile, or one that was made so many seconds ago.
  link(profile, age = 0) {
    const create = ['links', 'create', '--asks', 'Ada’s assistant', '--public-url', `https://${HOST}`];
    if (!age) return this.run(profile, ...create).url;
    const clock = join(this.#folder, 'clock');
    writeFileSync(clock, String(Math.floor(Date.now() / 1000) - age));
    this.environment.CHATGPT_OAUTH_TEST_CLOCK = clock;
    const { url } = this.run(profile, ...create);
    delete this.environment.CHATGPT_OAUTH_TEST_CLOCK;
    return url;
  }

  // The answer of a command on the store.
  run(profile, ...command) {
    const arguments_ = [...this.options, '--profile', profile, ...command];
    const stdio = ['ignore', 'pipe', 'ignore'];
    return JSON.parse(execFileSync(process.env.CHATGPT_OAUTH_BIN, arguments_, { stdio, env: this.environment }));
  }

  // Orders something of the simulator.
  async order(command, body, method = 'POST') {
    const answer = await fetch(`${this.control}/${command}`, { method, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${command}: ${await answer.text()}`);
  }

  end() {
    this.serve?.kill();
    // The second signal ends the server at once.
    this.serve?.kill();
    this.simulator?.kill();
  }
}

// An authority, and a certificate of it for the server.
function makeCertificate(folder) {
  const openssl = (...arguments_) => execFileSync('openssl', arguments_, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'authority.key', '-out', 'authority.pem', '-days', '2', '-subj', '/CN=Test authority');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', `/CN=${HOST}`);
  writeFileSync(join(folder, 'server.ext'), `subjectAltName=DNS:${HOST}\n`);
  const issue = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial', '-extfile', 'server.ext'];
  openssl('x509', '-req', '-in', 'server.csr', ...issue, '-out', 'server.pem', '-days', '2');
}

// The lines of a stream up to the first that is wanted.
async function lines(stream, isWanted) {
  const read = [];
  for await (const line of createInterface({ input: stream })) {
    read.push(line);
    if (isWanted(line)) return read;
  }
  throw new Error(`a server ended early: ${read.join('\n')}`);
}
