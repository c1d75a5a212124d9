#!/usr/bin/python3
"""A WHIP publisher: GStreamer's webrtcbin with a test picture and a tone. Publishes until killed.

usage: whip-publisher.py URL [h264|vp8]
"""
import sys
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

Gst.init(None)
VIDEO = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast bitrate=800 key-int-max=60 ! video/x-h264,profile=constrained-baseline "
    "! h264parse ! rtph264pay config-interval=-1 aggregate-mode=zero-latency "
    "! application/x-rtp,media=video,encoding-name=H264,payload=96",
    "vp8": "vp8enc deadline=1 cpu-used=8 target-bitrate=800000 keyframe-max-dist=60 ! rtpvp8pay picture-id-mode=15-bit "
    "! application/x-rtp,media=video,encoding-name=VP8,payload=96",
}
pipeline = Gst.parse_launch(
    "webrtcbin name=peer bundle-policy=max-bundle "
    "videotestsrc is-live=true ! video/x-raw,format=I420,width=640,height=480,framerate=30/1 "
    f"! {VIDEO[sys.argv[2] if len(sys.argv) > 2 else 'h264']} ! peer. "
    "audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay "
    "! application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! peer."
)
peer = pipeline.get_by_name("peer")


def on_gathered(peer, _parameter):
    if peer.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
        return
    offer = peer.get_property("local-description").sdp.as_text()
    request = urllib.request.Request(sys.argv[1], offer.encode(), {"content-type": "application/sdp"})
    with urllib.request.urlopen(request) as response:
        answer = response.read()
    _, sdp = GstSdp.SDPMessage.new_from_text(answer.decode())
    description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
    peer.emit("set-remote-description", description, Gst.Promise.new())


def on_offer(promise, peer):
    promise.wait()
    reply = promise.get_reply()
    offer = reply.get_value("offer")
    peer.emit("set-local-description", offer, Gst.Promise.new())


def on_negotiation_needed(peer):
    for i in range(2):
        peer.emit("get-transceiver", i).set_property("direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
    peer.emit("get-transceiver", 0).set_property("do-nack", True)
    peer.emit("create-offer", None, Gst.Promise.new_with_change_func(on_offer, peer))


peer.connect("on-negotiation-needed", on_negotiation_needed)
peer.connect("notify::ice-gathering-state", on_gathered)
pipeline.set_state(Gst.State.PLAYING)
GLib.MainLoop().run()
