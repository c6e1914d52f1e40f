/** An account at Duo: its users, their devices, and the calls that concern them. */
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { type Received, Refusal } from "./scrutiny.ts";
import { type Answer, answered, type Status, Transaction } from "./transactions.ts";

export interface ScriptedDevice {
  readonly device: string;
  readonly type: "phone" | "token";
  readonly name?: string;
  readonly display_name?: string;
  readonly number?: string;
  readonly capabilities?: readonly string[];
}

export interface ScriptedUser {
  readonly preauth: "auth" | "allow" | "deny";
  readonly devices: readonly ScriptedDevice[];
  /** Each good once. */
  readonly passcodes?: Set<string>;
  /** How the person answers at once; without it, `answer` is waited for. */
  readonly answer?: Answer;
  /** A code is to be entered on the phone: told by preauth, or by a status. */
  readonly verified?: { readonly code: string; readonly toldBy: "preauth" | "status" };
  /** Says this in place of "Pushed a login request…". */
  readonly message?: string;
}

export const PHONE: ScriptedDevice = {
  device: "DPFZRS9FB0D46QFTM891",
  type: "phone",
  name: "",
  number: "XXX-XXX-0100",
  display_name: "Android (XXX-XXX-0100)",
  capabilities: ["auto", "push", "sms", "phone", "mobile_otp"],
};
export const TOKEN: ScriptedDevice = {
  device: "DHEKH0JJIYC1LX3AZWO4",
  type: "token",
  name: "0",
  display_name: "Token 0",
};

/** What has gone out to people. */
export interface Sent {
  pushes: number;
  calls: number;
  texts: number;
}

interface Invitation {
  readonly user: string;
  readonly activationCode: string;
  state: "waiting" | "success" | "invalid";
}

export class Account {
  readonly users = new Map<string, ScriptedUser>();
  readonly sent: Sent = { pushes: 0, calls: 0, texts: 0 };
  /** Milliseconds that a status is held back. */
  longPoll = 500;
  readonly #transactions = new Map<string, Transaction>();
  readonly #invitations = new Map<string, Invitation>();
  readonly #verified = new Map<string, string>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Answers the newest challenge of this user, as the person with the phone does. */
  answer(user: string, answer: Answer): void {
    const open = [...this.#transactions.values()].filter((each) => each.user === user);
    open.at(-1)?.add(answered(answer));
  }

  /** Has the newest challenge say this while it waits, under a status that nobody knows. */
  news(user: string, message: string): void {
    const open = [...this.#transactions.values()].filter((each) => each.user === user);
    open.at(-1)?.add({ result: "waiting", status: message, status_msg: message });
  }

  /** What the phone does once it has scanned the code, or what time does to it. */
  activate(userId: string, state: "success" | "invalid"): void {
    const invitation = this.#invitations.get(userId);
    if (!invitation) throw new Error("nobody was enrolled by that id");
    invitation.state = state;
    this.users.set(invitation.user, { preauth: "auth", devices: [PHONE] });
  }

  preauth({ parameters }: Received): unknown {
    check(parameters, ["username"], ["ipaddr", "hostname", "client_supports_verified_push"]);
    const name = parameters.get("username") ?? "";
    const user = this.users.get(name);
    if (!user) {
      const enroll_portal_url = `https://api-00000000.duosecurity.com/portal?code=${hex(8)}`;
      const status_msg = "Enroll an authentication device to proceed";
      return { result: "enroll", status_msg, enroll_portal_url };
    }
    if (user.preauth !== "auth") return { result: user.preauth, status_msg: "By policy" };
    const reply = { result: "auth", status_msg: "Account is active", devices: user.devices };
    const capable = parameters.get("client_supports_verified_push") === "1";
    if (user.verified?.toldBy !== "preauth" || !capable) return reply;
    const txid = hex(16);
    this.#verified.set(txid, name);
    return { ...reply, txid, verification_code: user.verified.code };
  }

  auth({ parameters }: Received): unknown {
    const factor = parameters.get("factor") ?? "";
    const [required, optional] = FACTORS[factor] ?? invalid("factor");
    check(parameters, ["username", "factor", "async", ...required], [...PLACE, ...optional]);
    if (parameters.get("async") !== "1") invalid("async");
    const name = parameters.get("username") ?? "";
    const user = this.users.get(name) ?? invalid("username");
    const transaction = new Transaction(name);
    this.#transactions.set(transaction.id, transaction);
    if (factor === "passcode") this.#passcode(transaction, user, parameters.get("passcode") ?? "");
    else this.#challenge(transaction, user, factor, parameters);
    return { txid: transaction.id };
  }

  async authStatus({ parameters }: Received): Promise<Status> {
    check(parameters, ["txid"], []);
    const transaction = this.#transactions.get(parameters.get("txid") ?? "") ?? invalid("txid");
    return (await transaction.next(this.longPoll)) ?? invalid("txid");
  }

  enroll({ parameters }: Received): unknown {
    check(parameters, [], ["username", "valid_secs"]);
    const user = parameters.get("username") ?? hex(8);
    if (this.users.has(user)) invalid("username already exists");
    const seconds = Number(parameters.get("valid_secs") ?? 86_400);
    if (!Number.isSafeInteger(seconds) || seconds < 0) invalid("valid_secs");
    const userId = `DU${hex(9).toUpperCase()}`;
    const activationCode = `duo://${hex(16)}-YXBpLTAwMDAwMDAw`;
    this.#invitations.set(userId, { user, activationCode, state: "waiting" });
    return {
      activation_barcode: `https://api-00000000.duosecurity.com/frame/qr?value=${hex(16)}`,
      activation_code: activationCode,
      activation_url: `https://m-00000000.duosecurity.com/activate/${hex(16)}`,
      expiration: Math.floor(this.#now() / 1000) + seconds,
      user_id: userId,
      username: user,
    };
  }

  enrollStatus({ parameters }: Received): unknown {
    check(parameters, ["user_id", "activation_code"], []);
    const invitation = this.#invitations.get(parameters.get("user_id") ?? "") ?? invalid("user_id");
    const fits = parameters.get("activation_code") === invitation.activationCode;
    return fits ? invitation.state : "invalid";
  }

  #passcode(transaction: Transaction, user: ScriptedUser, passcode: string): void {
    const good = user.passcodes?.delete(passcode) === true;
    const wrong: Status = {
      result: "deny",
      status: "deny",
      status_msg: "Incorrect passcode. Please try again.",
    };
    transaction.add(good ? answered("allow") : wrong);
  }

  #challenge(
    transaction: Transaction,
    user: ScriptedUser,
    factor: string,
    parameters: Received["parameters"],
  ): void {
    const capability = factor === "auto" ? "push" : factor;
    const wanted = parameters.get("device");
    const able = user.devices.filter((each) => each.capabilities?.includes(capability));
    const found = wanted === "auto" ? able[0] : able.find(({ device }) => device === wanted);
    if (!found) invalid("device");
    if (factor === "sms") {
      this.sent.texts++;
      const status_msg = "New SMS passcodes sent.";
      transaction.add({ result: "deny", status: "sent", status_msg });
      return;
    }
    if (factor === "phone") this.#call(transaction);
    else this.#push(transaction, user, parameters);
    if (user.answer) transaction.add(answered(user.answer));
  }

  #call(transaction: Transaction): void {
    this.sent.calls++;
    const waiting = { result: "waiting" } as const;
    transaction.add({ ...waiting, status: "calling", status_msg: "Dialing XXX-XXX-0100..." });
    const status_msg = "Answered. Press any key on your phone to log in.";
    transaction.add({ ...waiting, status: "answered", status_msg });
  }

  #push(transaction: Transaction, user: ScriptedUser, parameters: Received["parameters"]): void {
    const info = parameters.get("pushinfo") ?? "";
    if (Buffer.byteLength(info) >= 20_000) invalid("pushinfo");
    const verified = parameters.get("txid");
    const expected = user.verified?.toldBy === "preauth";
    if (expected !== (verified !== undefined)) invalid("txid");
    if (verified !== undefined && this.#verified.get(verified) !== transaction.user) {
      invalid("txid");
    }
    this.#verified.delete(verified ?? "");
    this.sent.pushes++;
    const pushed = user.message ?? "Pushed a login request to your device...";
    const shown =
      user.verified?.toldBy === "status"
        ? `Enter ${user.verified.code} in Duo Mobile to log in.`
        : pushed;
    transaction.add({ result: "waiting", status: "pushed", status_msg: shown });
  }
}

const PLACE = ["ipaddr", "hostname"];
const PUSH_TEXT = ["type", "display_username", "pushinfo"];
/** For each factor, the parameters it must have, and those it may. */
const FACTORS: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  push: [["device"], [...PUSH_TEXT, "txid"]],
  auto: [["device"], PUSH_TEXT],
  phone: [["device"], []],
  sms: [["device"], []],
  passcode: [["passcode"], []],
};

function check(
  parameters: Received["parameters"],
  required: readonly string[],
  optional: readonly string[],
): void {
  for (const name of required) {
    if (!parameters.get(name))
      throw new Refusal(40001, "Missing required request parameters", name);
  }
  for (const [name, value] of parameters) {
    if (![...required, ...optional].includes(name) || value === "") invalid(name);
  }
  if (parameters.has("ipaddr") && isIP(parameters.get("ipaddr") ?? "") === 0) invalid("ipaddr");
}

function invalid(detail: string): never {
  throw new Refusal(40002, "Invalid request parameters", detail);
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
