"""Services that ministack lacks altogether and moto answers, types of ours among them or not."""

from sandbox.emulator.moto_fallback import served_by_moto

served_by_moto("codedeploy", "codepipeline", "synthetics", "xray")
