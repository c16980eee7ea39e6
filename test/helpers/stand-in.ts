/** A server that stands in for torchvision's, whose file is a small one: the catalogue gets its digest. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, vi } from "vitest";
import { WEIGHTS_FACTS } from "../../src/weights/catalogue-facts.js";
import { ranged, sha256, useFileServer } from "./file-server.js";
import type { FileServer } from "./file-server.js";
import { fixture } from "./reference-maps.js";

/** The weights that the server has, and where torchvision publishes them. */
export const NET = "torchvision/fcn_resnet101";
export const FILE = "fcn_resnet101_coco-7ecb50ca.pth";
export const PUBLISHED = `https://download.pytorch.org/models/${FILE}`;
/** What the server sends in their place. */
export const STAND_IN = fixture("test/fixtures/checkpoints/fcn-resnet101-w16.pth");
/** The digest of torchvision's file. */
export const REAL_SHA256 = WEIGHTS_FACTS[NET].sha256;

export interface StandIn {
  readonly server: FileServer;
  /** The cache folder of one test. */
  cache: string;
  /** Paths that were asked for in one test. */
  asked: string[];
  /** Sends these bytes for every path. */
  serve(data: Uint8Array): void;
  /** Names of complete files in the cache. */
  inCache(): string[];
}

/** One server per test file, one cache per test. */
export function useStandIn(): StandIn {
  const server = useFileServer();
  const standIn: StandIn = {
    server,
    cache: "",
    asked: [],
    serve(data) {
      server.answer = (request, response) => {
        standIn.asked.push(request.url ?? "");
        ranged(data)(request, response);
      };
    },
    inCache: () => readdirSync(standIn.cache).filter((name) => name.endsWith(".pth")),
  };
  beforeEach(() => {
    standIn.cache = mkdtempSync(join(tmpdir(), "fcn-names-"));
    standIn.asked = [];
    standIn.serve(STAND_IN);
    vi.stubEnv("FCN_WEBGPU_CACHE", standIn.cache);
    vi.stubEnv("FCN_WEIGHTS_MIRROR", `${server.base}/mirror/`);
    Object.assign(WEIGHTS_FACTS[NET], { sha256: sha256(STAND_IN) });
    return () => {
      vi.unstubAllEnvs();
      Object.assign(WEIGHTS_FACTS[NET], { sha256: REAL_SHA256 });
      rmSync(standIn.cache, { recursive: true });
    };
  });
  return standIn;
}
