/**
 * Yubico's published test vectors, word for word: test-vectors.txt and tests/selftest.c of
 * libyubikey (Yubico/yubico-c).
 */

/** selftest.c, modhex_test1, and test-vectors.txt: hexadecimal, modhex. */
export const MODHEX_VECTORS: readonly (readonly [string, string])[] = [
  ["2d344e83", "dteffuje"],
  ["69b6481c8baba2b60e8f22179b58cd56", "hknhfjbrjnlnldnhcujvddbikngjrtgh"],
  ["ecde18dbe76fbd0c33330f1c354871db", "urtubjtnuihvntcreeeecvbregfjibtn"],
  ["74657374", "ifhgieif"],
];

/** selftest.c, crc_test1 to 4: bytes, CRC. */
export const CRC_VECTORS: readonly (readonly [string, number])[] = [
  ["0001020304", 62919],
  ["fe", 4470],
  ["55aa00ff", 52149],
  ["010203040506307500093dfa60ea", 35339],
];

export interface OtpVector {
  /** Hexadecimal. */
  readonly aesKey: string;
  readonly privateId: string;
  /** All 16 bits, as the block has them. */
  readonly useCounter: number;
  /** Its 24 bits. */
  readonly timestamp: number;
  readonly sessionCounter: number;
  readonly random: number;
  readonly crc: number;
  /** The 32 characters behind the public id. */
  readonly block: string;
}

/** test-vectors.txt, whose sample is also that of the key storage module's documentation. */
const SAMPLE: OtpVector = {
  aesKey: "ecde18dbe76fbd0c33330f1c354871db",
  privateId: "8792ebfe26cc",
  useCounter: 19,
  timestamp: 49712,
  sessionCounter: 17,
  random: 40904,
  crc: 51235,
  block: "hknhfjbrjnlnldnhcujvddbikngjrtgh",
};

/** selftest.c, otp_testvectors. The low half of the timestamp is the third number there. */
export const OTP_VECTORS: readonly OtpVector[] = [
  SAMPLE,
  {
    ...{ aesKey: "000102030405060708090a0b0c0d0e0f", privateId: "010203040506" },
    ...{ useCounter: 1, timestamp: 0x010001, sessionCounter: 1, random: 0, crc: 0xfe36 },
    block: "dvgtiblfkbgturecfllberrvkinnctnn",
  },
  {
    ...{ aesKey: "000102030405060708090a0b0c0d0e0f", privateId: "010203040506" },
    ...{ useCounter: 1, timestamp: 0x010001, sessionCounter: 2, random: 0, crc: 0x1152 },
    block: "rnibcnfhdninbrdebccrndfhjgnhftee",
  },
  {
    ...{ aesKey: "000102030405060708090a0b0c0d0e0f", privateId: "010203040506" },
    ...{ useCounter: 0xfff, timestamp: 0x010001, sessionCounter: 1, random: 0, crc: 0x9454 },
    block: "iikkijbdknrrdhfdrjltvgrbkkjblcbh",
  },
  {
    ...{ aesKey: "88888888888888888888888888888888", privateId: "888888888888" },
    ...{ useCounter: 0x8888, timestamp: 0x888888, sessionCounter: 0x88, random: 0x8888 },
    ...{ crc: 0xd3b6, block: "dcihgvrhjeucvrinhdfddbjhfjftjdei" },
  },
  {
    ...{ aesKey: "00000000000000000000000000000000", privateId: "000000000000" },
    ...{ useCounter: 0, timestamp: 0, sessionCounter: 0, random: 0, crc: 0xa96a },
    block: "kkkncjnvcnenkjvjgncjihljiibgbhbh",
  },
  {
    ...{ aesKey: "c4422890653076cde73d449b191b416a", privateId: "33c69e7f249e" },
    ...{ useCounter: 1, timestamp: 0x2413a7, sessionCounter: 0, random: 0xc63c, crc: 0x1c86 },
    block: "iucvrkjiegbhidrcicvlgrcgkgurhjnj",
  },
];
