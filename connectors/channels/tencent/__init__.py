"""What Tencent's two channels share: signed calls, sealed envelopes, access tokens. No channel itself."""
