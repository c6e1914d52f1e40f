/** The replies of the Auth API, as types and as what reads them. */
import { Fields, nonsense } from "./fields.ts";

const CAPABILITIES = ["auto", "push", "sms", "phone", "mobile_otp"] as const;
export type Capability = (typeof CAPABILITIES)[number];

export interface Device {
  /** Duo's identifier. */
  readonly id: string;
  /** "phone", "token", … */
  readonly type: string;
  /** Such as "Pixel (XXX-XXX-0100)"; the identifier where Duo gives no name. */
  readonly label: string;
  readonly capabilities: readonly Capability[];
}

/** A push that is approved by entering on the phone a code that is shown here. */
export interface VerifiedPush {
  readonly transaction: string;
  /** Where it is not here, it comes in the message of a status. */
  readonly code?: string;
}

export type Preauth =
  | {
      readonly result: "auth";
      readonly message: string;
      readonly devices: readonly Device[];
      readonly verifiedPush?: VerifiedPush;
    }
  /** Duo's own policy lets the user pass, or keeps them out, without a challenge. */
  | { readonly result: "allow" | "deny"; readonly message: string }
  | { readonly result: "enroll"; readonly message: string; readonly enrollUrl: string };

export interface AuthStatus {
  readonly result: "waiting" | "allow" | "deny";
  /**
   * calling, answered, pushed, push_failed, allow, bypass, deny, fraud, locked_out, timeout,
   * sent, or one that Duo adds: only `result` decides.
   */
  readonly status: string;
  /** For the person, at once: it may hold the code of a verified push. */
  readonly message: string;
}

export interface Enrollment {
  readonly userId: string;
  readonly user: string;
  /** What Duo Mobile scans. */
  readonly activationCode: string;
  /** Opens Duo Mobile on the phone itself. */
  readonly activationUrl: string;
  /** A picture of the code, at Duo. */
  readonly barcodeUrl: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const ENROLLMENT_STATES = ["success", "waiting", "invalid"] as const;
/** `invalid`: the code has expired, or never was. */
export type EnrollmentState = (typeof ENROLLMENT_STATES)[number];

/** Duo's time, in milliseconds since the epoch. */
export function readTime(name: "ping" | "check", response: unknown): number {
  return new Fields(response, { name, effect: "none" }).time("time");
}

export function readPreauth(response: unknown): Preauth {
  const fields = new Fields(response, { name: "preauth", effect: "none" });
  const result = fields.oneOf("result", ["auth", "allow", "deny", "enroll"]);
  const message = fields.text("status_msg");
  if (result === "enroll") return { result, message, enrollUrl: fields.https("enroll_portal_url") };
  if (result !== "auth") return { result, message };
  const devices = fields.records("devices").map(readDevice);
  return { result, message, devices, ...readVerifiedPush(fields) };
}

function readDevice(fields: Fields): Device {
  const id = fields.identifier("device");
  const names = ["display_name", "name", "number"].map((name) => fields.optionalText(name));
  return {
    id,
    type: fields.text("type"),
    label: names.find((name) => name !== undefined) ?? id,
    capabilities: fields.known("capabilities", CAPABILITIES),
  };
}

function readVerifiedPush(fields: Fields): { verifiedPush?: VerifiedPush } {
  if (!fields.has("txid")) return {};
  const code = fields.optionalText("verification_code");
  return { verifiedPush: { transaction: fields.identifier("txid"), ...(code ? { code } : {}) } };
}

/** The transaction. */
export function readAuth(response: unknown): string {
  return new Fields(response, { name: "auth", effect: "now" }).identifier("txid");
}

export function readAuthStatus(response: unknown): AuthStatus {
  const fields = new Fields(response, { name: "auth_status", effect: "before" });
  return {
    result: fields.oneOf("result", ["waiting", "allow", "deny"]),
    status: fields.text("status"),
    message: fields.text("status_msg"),
  };
}

export function readEnrollment(response: unknown): Enrollment {
  const fields = new Fields(response, { name: "enroll", effect: "now" });
  return {
    userId: fields.identifier("user_id"),
    user: fields.text("username"),
    activationCode: fields.identifier("activation_code"),
    activationUrl: fields.https("activation_url"),
    barcodeUrl: fields.https("activation_barcode"),
    expiresAt: fields.time("expiration"),
  };
}

/** The one reply that is no object. */
export function readEnrollmentState(response: unknown): EnrollmentState {
  const state = ENROLLMENT_STATES.find((each) => each === response);
  if (state === undefined) throw nonsense({ name: "enroll_status", effect: "none" }, "is no state");
  return state;
}
